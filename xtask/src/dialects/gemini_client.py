import os
from google import genai
from google.genai import errors, types

client = genai.Client(api_key="sk-hunter2", http_options={"base_url": os.environ["URL"], "api_version": "v1beta"})
declared = types.FunctionDeclaration(name="weather", description="The weather", parameters={"type": "OBJECT", "properties": {"city": {"type": "STRING"}}})
config = types.GenerateContentConfig(system_instruction="Be brief.", temperature=0.1, tools=[types.Tool(function_declarations=[declared])],
                                     automatic_function_calling=types.AutomaticFunctionCallingConfig(disable=True))
client.models.generate_content(model="gemini-tulip", contents="Will it rain?", config=config)
for _ in client.models.generate_content_stream(model="gemini-tulip", contents=["Will it rain?", "In London?"]):
    pass
try:
    client.models.generate_content(model="nobody", contents="Who?")
except errors.APIError:
    pass
