"""The use cases: one async function each, one transaction, one permission check. The only caller of the store."""
