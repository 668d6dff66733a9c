"""Ansible's side of Essaim: one play, a role a service, and the module that puts a release in force."""
