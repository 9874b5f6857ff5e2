import os, anthropic

client = anthropic.Anthropic(base_url=os.environ["URL"], api_key="sk-hunter2", max_retries=0)
tools = [{"name": "weather", "description": "The weather", "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}}}]
create = client.messages.create
create(model="tulip", max_tokens=50, system="Be brief.", messages=[{"role": "user", "content": "Will it rain?"}])
asked = [{"role": "user", "content": "The weather in London?"}]
called = create(model="tulip", max_tokens=50, messages=asked, tools=tools)
for messages in ([{"role": "user", "content": "Will it rain?"}], asked):
    with client.messages.stream(model="tulip", max_tokens=50, messages=messages, tools=tools) as stream:
        for _ in stream:
            pass
call = called.content[0]
used = {"type": "tool_use", "id": call.id, "name": call.name, "input": call.input}
given = {"type": "tool_result", "tool_use_id": call.id, "content": "it will rain"}
create(model="tulip", max_tokens=50, messages=asked + [{"role": "assistant", "content": [used]}, {"role": "user", "content": [given]}])
try:
    create(model="tulip", max_tokens=50, messages=[{"role": "user", "content": "forbidden"}])
except anthropic.RateLimitError:
    pass
