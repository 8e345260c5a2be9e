"""Planning: how sure a result is, and what each lever adds to it."""
