"""A password that is none."""
import os

import pytds

try:
    pytds.connect(dsn="127.0.0.1", port=int(os.environ["PORT"]), user="eve", password="hunter2", database="shop",
                  appname="shop front")
except pytds.Error:
    pass
