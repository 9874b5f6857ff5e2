import os
from milvus_lite.cmdline import main

main(["server", "--data-dir", "data", "--host", "127.0.0.1", "--port", os.environ["PORT"]])
