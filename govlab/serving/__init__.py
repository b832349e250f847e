"""The decision point out of process: AuthZEN over HTTP, and a decision log (S19, S21).

The path of a request: `server` (sockets, limits of a connection), `app` (routes, who may ask),
`wire` (JSON to a question), `mapping` (a question to an event), `ruling` (what decides), `memory`
(what earlier events add up to), `answers` (a decision to JSON), `entry` (both to an entry),
`journal` (the entry on disk, then the answer).
"""
