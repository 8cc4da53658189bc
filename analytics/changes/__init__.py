"""What changes do: what-if overlays, the impact of an issue, and differences between two snapshots."""
