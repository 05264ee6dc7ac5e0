"""The project's own speed figures: rows that plug-ins offer, measured beside other people's code.

| module    | is                                                            |
|-----------|---------------------------------------------------------------|
| `rows`    | what a row is, and what it is told                            |
| `measure` | interleaved timing, and what this machine can do at best      |
| `frames`  | the rows of the core: frames, a film, a second live           |
| `memory`  | how much memory work takes                                    |
| `chart`   | the table as a picture                                        |
| `bench`   | the table                                                     |
"""
