import os, sys

# LiteLLM, a gateway; its model answers by itself.
open("gateway.yaml", "w").write("""
model_list:
  - {model_name: tulip, litellm_params: {model: openai/gpt-4o-mini, api_key: none, mock_response: "It will rain in London."}}
general_settings: {master_key: sk-hunter2}
""")
os.environ.update(LITELLM_LOCAL_MODEL_COST_MAP="True", NO_DOCS="True")
sys.argv = ["litellm", "--config", "gateway.yaml", "--host", "127.0.0.1", "--port", os.environ["PORT"], "--telemetry", "False"]
from litellm import run_server
run_server()
