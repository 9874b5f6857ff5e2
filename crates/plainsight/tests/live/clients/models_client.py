"""Asks models by the three vendors' own packages, whole and streamed; prints what it asked and got."""

import json
import os
import sys

import anthropic
import openai
from google import genai
from google.genai import errors, types

url, certificate = sys.argv[1:]
os.environ["SSL_CERT_FILE"] = certificate
ask = {"weather": "The weather?", "rain": "Will it rain? " * 2000, "forbidden": "forbidden"}


def tell(protocol, operation, asked, text=None, called=None, error=None):
    said = {"protocol": protocol, "operation": operation, "asked": asked, "text": text, "called": called, "error": error}
    print(json.dumps({"pid": os.getpid(), **said}))


def of_openai():
    client = openai.OpenAI(base_url=url + "/v1", api_key="sk-hunter2", max_retries=0)
    tools = [{"type": "function", "function": {"name": "weather"}}]
    for word, asked in ask.items():
        messages = [{"role": "user", "content": asked}]
        for stream in (False, True):
            try:
                got = client.chat.completions.create(model="tulip", messages=messages, tools=tools, stream=stream)
            except openai.APIStatusError as error:
                tell("openai", "chat.completions", asked, error=error.code)
                continue
            pieces = [c.choices[0].delta for c in got if c.choices] if stream else [got.choices[0].message]
            text = "".join(piece.content or "" for piece in pieces)
            calls = [call.function for piece in pieces for call in piece.tool_calls or []]
            called = "".join((c.name and c.name + " " or "") + (c.arguments or "") for c in calls) or None
            tell("openai", "chat.completions", asked, text or None, called)


def of_anthropic():
    client = anthropic.Anthropic(base_url=url, api_key="sk-hunter2", max_retries=0)
    tools = [{"name": "weather", "input_schema": {"type": "object"}}]
    for word, asked in ask.items():
        with_tools = {"model": "tulip", "max_tokens": 9, "messages": [{"role": "user", "content": asked}], "tools": tools}
        for stream in (False, True):
            try:
                if stream:
                    with client.messages.stream(**with_tools) as streamed:
                        got = streamed.get_final_message()
                else:
                    got = client.messages.create(**with_tools)
            except anthropic.APIStatusError as error:
                tell("anthropic", "messages", asked, error=error.body["error"]["type"])
                continue
            text = "".join(block.text for block in got.content if block.type == "text")
            called = [f"{b.name} {json.dumps(b.input, separators=(',', ':'))}" for b in got.content if b.type == "tool_use"]
            tell("anthropic", "messages", asked, text or None, "".join(called) or None)


def of_gemini():
    client = genai.Client(api_key="sk-hunter2", http_options={"base_url": url, "api_version": "v1beta"})
    declared = types.Tool(function_declarations=[types.FunctionDeclaration(name="weather")])
    off = types.AutomaticFunctionCallingConfig(disable=True)
    config = types.GenerateContentConfig(tools=[declared], automatic_function_calling=off)
    for word, asked in ask.items():
        for stream in (False, True):
            operation = "streamGenerateContent" if stream else "generateContent"
            create = client.models.generate_content_stream if stream else client.models.generate_content
            try:
                got = create(model="tulip", contents=asked, config=config)
                got = list(got) if stream else [got]
            except errors.APIError as error:
                tell("gemini", operation, asked, error=error.status)
                continue
            parts = [part for piece in got for c in piece.candidates for part in (c.content and c.content.parts) or []]
            text = "".join(part.text for part in parts if part.text)
            calls = [part.function_call for part in parts if part.function_call]
            called = "".join(f"{c.name} {json.dumps(c.args, separators=(',', ':'))}" for c in calls)
            tell("gemini", operation, asked, text or None, called or None)


of_openai()
of_anthropic()
of_gemini()
