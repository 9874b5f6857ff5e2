import os, openai

client = openai.OpenAI(base_url=os.environ["URL"] + "/v1", api_key="sk-hunter2", max_retries=0)
client.responses.create(model="tulip", instructions="Be brief.", input=[{"role": "user", "content": "Will it rain?"}])
client.embeddings.with_raw_response.create(model="tulip", input=["London", "Paris"], encoding_format="float")
for _ in client.chat.completions.create(model="tulip", messages=[{"role": "user", "content": "Will it rain?"}], stream=True, stream_options={"include_usage": True}):
    pass
try:
    client.chat.completions.create(model="nobody", messages=[{"role": "user", "content": "Who?"}])
except openai.APIStatusError:
    pass
