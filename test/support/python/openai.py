"""What the README's example uses of the package `openai`, over urllib.

PyPI is out of reach of the tests, so that package itself is not run: this sends
the JSON that it documents for `chat.completions.create`, with the members of
`extra_body` beside the others, and gives the answer as objects.
"""

import json
from types import SimpleNamespace
from urllib.request import Request, urlopen


class OpenAI:
    def __init__(self, base_url, api_key):
        self.chat = SimpleNamespace(
            completions=SimpleNamespace(create=self._create))
        self._base_url = base_url
        self._api_key = api_key

    def _create(self, *, model, messages, temperature, extra_body):
        body = {"model": model, "messages": messages,
                "temperature": temperature, **extra_body}
        request = Request(
            f"{self._base_url}/chat/completions",
            data=json.dumps(body).encode(),
            headers={"content-type": "application/json",
                     "authorization": f"Bearer {self._api_key}"})
        with urlopen(request) as answer:
            return json.load(
                answer, object_hook=lambda members: SimpleNamespace(**members))
