import asyncio
import sys

import asyncmy


async def main():
    session = await asyncmy.connect(host="127.0.0.1", port=int(sys.argv[1]), user="by_native",
                                    password="tulip-native", db="shop")
    async with session.cursor() as cursor:
        await cursor.execute("SELECT id, name FROM users WHERE id < %s", (3,))
        await cursor.fetchall()
        await cursor.executemany("INSERT INTO bulk VALUES (%s, %s)", [(1, "a"), (2, "b"), (3, "c")])
        await session.rollback()
    await session.ensure_closed()


asyncio.run(main())
