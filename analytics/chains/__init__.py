"""What stands between a goal and done: blocking chains, risks, exposure, choke points and what can start now."""
