"""Agents that learn by reward."""
