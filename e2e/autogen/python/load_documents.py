"""Loads component documents into AutoGen. Reads one JSON object a line, {"name", "document", "task" or null}; prints for each
{"name", "document": what AutoGen writes of what it loaded, "messages": [[source, text]] of a run on the task} or {"name", "error"}.
"""

import asyncio
import json
import sys
import warnings

from autogen_core import ComponentLoader

from without_prose import without_prose

warnings.filterwarnings("ignore")


async def load(line: str) -> dict:
    given = json.loads(line)
    try:
        component = ComponentLoader.load_component(given["document"])
        document = without_prose(json.loads(component.dump_component().model_dump_json()))
        messages = None
        if given["task"] is not None:
            result = await component.run(task=given["task"])
            messages = [[message.source, message.to_text()] for message in result.messages]
        return {"name": given["name"], "document": document, "messages": messages}
    except Exception as error:
        return {"name": given["name"], "error": f"{type(error).__name__}: {error}"}


async def main() -> None:
    for line in sys.stdin:
        print(json.dumps(await load(line)))


asyncio.run(main())
