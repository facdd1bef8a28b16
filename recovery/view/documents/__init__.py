"""What an operator looks at, as JSON: what the API answers and what commands print is made here.

Times are ISO 8601 in UTC with milliseconds, or None. The keys are interface.
"""
