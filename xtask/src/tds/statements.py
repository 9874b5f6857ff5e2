"""What applications do: ask with parameters and without, several results at once, a procedure; and what goes wrong."""
import os

import pytds

connection = pytds.connect(
    dsn="127.0.0.1", port=int(os.environ["PORT"]), user="ada", password="tulip-cleartext", database="shop",
    appname="shop front", autocommit=True,
)
cursor = connection.cursor()
cursor.execute("select * from users where id > %s and name <> %s", (30, "gr\u00fcn"))
cursor.fetchall()
cursor.execute("select 1 as a; select N'\u5b57' as b, cast(1.5 as float) as f, cast(null as int) as n")
cursor.fetchall()
cursor.nextset()
cursor.fetchall()
for wrong in ("select nope from users", "select * from nowhere"):
    try:
        cursor.execute(wrong)
    except pytds.Error:
        pass
cursor.callproc("sp_tables")
cursor.fetchall()
connection.autocommit = False
cursor.execute("create table #t (a int, password nvarchar(20))")
cursor.execute("insert into #t (a, password) values (%s, %s)", (1, "hunter2"))
cursor.execute("insert into #t (a, password) values (2, N'hunter2')")
cursor.execute("update #t set a = 3 where password = 'hunter2'")
cursor.execute("select a from #t")
cursor.fetchall()
connection.commit()
cursor.execute("delete from #t")
connection.rollback()
connection.close()
