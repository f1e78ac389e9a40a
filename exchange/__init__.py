"""The rules of the exchange and what both services share. The hub is `exchange.hub`; a node never imports it."""
