"""How are the threads of a web process shared?

It stands alone, so that who only asks for this need not load a web server.
"""

from __future__ import annotations

# A request waits for the database, not for the processor, so a process has several (gunicorn_conf).
THREADS = 6
# So many of them are for pages and the API, whatever those cost. Recordings have 3 at most, hooks all others.
PEOPLE_AT_ONCE = 2
