"""The page at ``/`` that says what is served here."""

from __future__ import annotations

from typing import Final

PAGE: Final = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>workatlas</title>
<style>
  :root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
  body { max-width: 42rem; margin: 3rem auto; padding: 0 1rem }
  pre { overflow-x: auto; padding: 1rem; border: 1px solid; border-radius: .4rem }
  dt { font-weight: 600 } dd { margin: 0 0 .8rem }
</style>
<h1>workatlas</h1>
<p>The API of a work graph: projects, operations, issues and goals, and what stands between a goal and done.</p>
<dl>
  <dt><code>POST /graphql</code></dt><dd>GraphQL; the body is JSON with <code>query</code> and
  <code>variables</code>.</dd>
  <dt><a href="/graphiql"><code>/graphiql</code></a></dt><dd>GraphiQL, to try queries in the browser.</dd>
  <dt><a href="/graphql/schema"><code>/graphql/schema</code></a></dt><dd>Its schema, every field described.</dd>
  <dt><a href="/livez"><code>/livez</code></a>, <a href="/readyz"><code>/readyz</code></a></dt>
  <dd>Whether the server runs, and whether it can answer.</dd>
</dl>
<p>For example, in a terminal:</p>
<pre>curl -s http://127.0.0.1:8000/graphql -H 'content-type: application/json' \\
  -d '{"query": "{ goals(first: 5) { totalCount nodes { key title due } } }"}'</pre>
<p>There is no graphical explorer yet.</p>
</html>
"""
