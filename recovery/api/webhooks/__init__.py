"""POST /alarms/SOURCE: alarms in the words of those who send them."""
