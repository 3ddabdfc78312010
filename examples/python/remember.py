"""Three lines more than any chat with OpenAI's package, and the server reads only
what is new: `extra_body`, and the two with `state`.

    pip install openai
    python remember.py http://127.0.0.1:8000/v1 "My name is Dave." "What is my name?"
"""

import sys

from openai import OpenAI

base_url, *said = sys.argv[1:]
client = OpenAI(base_url=base_url, api_key="unused")
state = None  # 1
for words in said:
    answer = client.chat.completions.create(
        model="gosling",
        temperature=0,
        messages=[{"role": "user", "content": words}],
        extra_body={"state": state},  # 2
    )
    state = answer.state  # 3
    print(answer.choices[0].message.content)
