"""What the world is told of our addresses: registry objects, where they are used, who may announce them."""
