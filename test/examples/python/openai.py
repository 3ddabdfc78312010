"""What the sample uses of OpenAI's package, so that it runs where PyPI is not:
fields of `extra_body` are members of the request, and fields of an answer that the
package does not know are attributes of it.
"""

import json
from types import SimpleNamespace
from urllib.request import Request, urlopen


class OpenAI:
    def __init__(self, *, base_url, api_key):
        self._url = f"{base_url}/chat/completions"
        self._key = api_key
        self.chat = SimpleNamespace(completions=self)

    def create(self, *, extra_body=None, **body):
        request = Request(
            self._url,
            json.dumps({**body, **(extra_body or {})}).encode(),
            {
                "Content-Type": "application/json",
                "Authorization": f"Bearer {self._key}",
            },
        )
        with urlopen(request) as answer:
            return json.load(
                answer, object_hook=lambda fields: SimpleNamespace(**fields)
            )
