"""Graph tools on projections: centrality, communities, dominators, routes and layered drawings."""
