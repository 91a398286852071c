"""The actions that change the sandbox's world, and the messages that they publish."""
