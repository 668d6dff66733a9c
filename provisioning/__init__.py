"""From the inventory to text, and from text to the machines, safely."""
