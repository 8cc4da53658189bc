"""Long connections: subscriptions over websockets and server-sent events, and who listens."""
