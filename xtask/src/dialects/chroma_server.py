import os, sys
from chromadb.cli.cli import app

sys.argv = ["chroma", "run", "--path", "data", "--host", "127.0.0.1", "--port", os.environ["PORT"]]
app()
