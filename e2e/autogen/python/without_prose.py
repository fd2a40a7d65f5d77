def without_prose(document: object) -> object:
    """A document without what AutoGen says about its own classes."""
    if isinstance(document, list):
        return [without_prose(item) for item in document]
    if not isinstance(document, dict):
        return document
    copy = {key: without_prose(value) for key, value in document.items()}
    return {**copy, "description": None} if "provider" in copy and "config" in copy else copy
