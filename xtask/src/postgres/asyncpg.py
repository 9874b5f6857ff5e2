import asyncio
import sys

sys.path = [place for place in sys.path if place]
import asyncpg


async def main():
    session = await asyncpg.connect(ssl=False)
    await session.fetch("SELECT id, name FROM users WHERE id < $1", 3)
    statement = await session.prepare("SELECT email FROM users WHERE name = $1 AND born > $2::date - interval '1 day'")
    import datetime

    for name in ("Ada", "Grace"):
        await statement.fetch(name, datetime.date(1970, 1, 1))
    await session.executemany("UPDATE users SET name = name WHERE id = $1", [(1,), (2,)])
    async with session.transaction():
        async for row in session.cursor("SELECT id FROM users ORDER BY id LIMIT 3", prefetch=2):
            print(row)
    try:
        await session.prepare("SELECT wrong")
    except asyncpg.PostgresError as error:
        print(error)
    await session.close()


asyncio.run(main())
