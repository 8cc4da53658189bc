"""The GraphQL API beside `@neo4j/graphql` and beside hand-written Cypher: the same questions to the same Neo4j."""
