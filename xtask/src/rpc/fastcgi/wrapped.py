# cgi-fcgi of FastCGI's own makers asks a script that fcgiwrap runs.
import os, subprocess, tempfile
folder = tempfile.gettempdir() + "/plainsight-record-" + os.environ["SERVER_PORT"]
os.chmod(folder + "/script.sh", 0o755)
for path in ("script.sh", "nothing.sh"):
    asked = {"REQUEST_METHOD": "GET", "SCRIPT_FILENAME": f"{folder}/{path}", "QUERY_STRING": "pass=hunter2", "SCRIPT_NAME": "/" + path,
             "REMOTE_USER": "ada", "DOCUMENT_ROOT": folder, "SERVER_PROTOCOL": "HTTP/1.0"}
    subprocess.run(["cgi-fcgi", "-bind", "-connect", "127.0.0.1:" + os.environ["PORT"]], env=asked, check=True, stdout=subprocess.DEVNULL)
