"""GraphQL over the work graph."""
