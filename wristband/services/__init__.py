"""The product's table of contents: one module a deed, one transaction a deed."""
