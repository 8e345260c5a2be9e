"""Page router of the sand-table: `make app` opens it."""

from sandtable.app.router import main

main()
