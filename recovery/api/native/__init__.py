"""Our own API below /recovery/v1: what commands show and order, as JSON.

Everything follows from one table of routes (``table.ROUTES``): the URLs, the checks of what comes
in, and the OpenAPI document that says so.
"""
