"""What a workspace keeps beside its work: its own node, the change log, keys, webhooks, findings, and who sees what."""
