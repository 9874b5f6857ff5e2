import os, openai

client = openai.OpenAI(base_url=os.environ["URL"] + "/v1", api_key="sk-hunter2", max_retries=0)
parameters = {"type": "object", "properties": {"city": {"type": "string"}, "days": {"type": "integer"}}}
tools = [{"type": "function", "function": {"name": "weather", "description": "The weather", "parameters": parameters}}]
chat = client.chat.completions.create
system = {"role": "system", "content": "Be \u201ebrief\u201c."}
user = {"role": "user", "content": [{"type": "text", "text": "Will it rain?"}, {"type": "image_url", "image_url": {"url": "data:,"}}]}
chat(model="tulip", messages=[system, user], temperature=0.2, max_tokens=50)
asked = [{"role": "user", "content": "The weather in London?"}]
called = chat(model="tulip", messages=asked, tools=tools).choices[0].message
for stream in (chat(model="tulip", messages=[user], stream=True), chat(model="tulip", messages=asked, tools=tools, stream=True)):
    for _ in stream:
        pass
call = called.tool_calls[0].model_dump(include={"id", "type", "function"})
chat(model="tulip", messages=[{"role": "user", "content": "And?"}, {"role": "assistant", "tool_calls": [call]}, {"role": "tool", "tool_call_id": call["id"], "content": "rain"}])
for stream in (client.responses.create(model="tulip", instructions="Be brief.", input="Will it rain?", stream=True), client.responses.create(model="tulip", input="The weather in London?", tools=[{"type": "function", "name": "weather", "parameters": parameters}], stream=True)):
    for _ in stream:
        pass
client.embeddings.create(model="tulip", input=["London", "Paris"], encoding_format="float")
try:
    chat(model="tulip", messages=[{"role": "user", "content": "forbidden"}])
except openai.RateLimitError:
    pass
