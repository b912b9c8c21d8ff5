"""Types that cannot be wrong: phone, position, code, language."""
