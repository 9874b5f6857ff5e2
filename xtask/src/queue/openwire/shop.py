# Runs the shop by ActiveMQ's own client, with the options and the deeds that it is told.
import glob, os, subprocess, tempfile
program = os.path.join(tempfile.mkdtemp(), "Shop.java")
with open(program, "w") as file:
    file.write(os.environ["PROTOCOL"])
options, what = os.environ["LINES_TO_SAY"].split(" ")
jars = ":".join(sorted(glob.glob("/usr/share/activemq/lib/*.jar")))
url = "tcp://127.0.0.1:" + os.environ["PORT"] + options
subprocess.run(["java", "-Xmx128m", "-cp", jars, program, url, what], check=True)
