import { randomUUID } from 'node:crypto';
import { silentLogger } from '@millrace/runtime/logger';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connectKafka, createTopics, ShardMembership, type KafkaConnection } from './index.ts';
import { withAdmin } from './kafka-connection.ts';

const address = process.env['MILLRACE_TEST_KAFKA'];
const SHARDS = 6;
const ALL = [0, 1, 2, 3, 4, 5];

if (address === undefined) {
  test.skip('shard membership on Kafka (no broker: MILLRACE_TEST_KAFKA is not set)');
} else {
  describe('shard membership on Kafka', () => {
    let connection: KafkaConnection;
    const topics = [`clicks-${randomUUID()}`, `orders-${randomUUID()}`];
    const members: Member[] = [];

    beforeAll(async () => {
      connection = await connectKafka({ brokers: [address], clientId: 'membership', logger: silentLogger });
      await createTopics(connection, topics.map((topic) => ({ topic, partitions: SHARDS, replicationFactor: 1, config: {} })));
    });
    afterAll(async () => {
      await Promise.all(members.map((member) => member.membership.stop()));
      await withAdmin(connection, (admin) => admin.deleteTopics({ topics }));
      await connection.close();
    });

    /** A member with what it was told, and a way to wait for it. */
    class Member {
      shards: number[] | undefined;
      readonly history: number[][] = [];
      readonly errors: Error[] = [];
      readonly membership: ShardMembership;
      #changed: (() => void)[] = [];

      constructor(groupId: string) {
        this.membership = new ShardMembership({
          connection,
          groupId,
          topics,
          shardCount: SHARDS,
          onAssigned: (shards) => {
            this.shards = shards;
            this.history.push(shards);
            this.#changed.splice(0).forEach((wake) => wake());
          },
          onError: (error) => this.errors.push(error),
        });
        members.push(this);
      }

      async owns(count: number): Promise<number[]> {
        while (this.shards?.length !== count) await new Promise<void>((resolve) => this.#changed.push(resolve));
        return this.shards;
      }
    }

    test('shares the shards, moves few when somebody comes, and takes over what somebody leaves', async () => {
      const groupId = `group-${randomUUID()}`;
      const first = new Member(groupId);
      await first.membership.start();
      expect(await first.owns(SHARDS)).toEqual(ALL);

      const second = new Member(groupId);
      await second.membership.start();
      const [left, right] = await Promise.all([first.owns(3), second.owns(3)]);
      expect([...left, ...right].sort()).toEqual(ALL);

      const third = new Member(groupId);
      await third.membership.start();
      await Promise.all([first.owns(2), second.owns(2), third.owns(2)]);
      // Whoever stays gives up shards and gets none in exchange.
      expect(left).toEqual(expect.arrayContaining(first.shards!));
      expect(right).toEqual(expect.arrayContaining(second.shards!));

      await second.membership.stop();
      const [a, c] = await Promise.all([first.owns(3), third.owns(3)]);
      expect([...a, ...c].sort()).toEqual(ALL);
      expect([...first.errors, ...second.errors, ...third.errors]).toEqual([]);
    });

    test('offsets that are published can be read by lag tools', async () => {
      const groupId = `group-${randomUUID()}`;
      const member = new Member(groupId);
      await member.membership.start();
      await member.owns(SHARDS);
      await member.membership.publishOffsets([
        { topic: topics[0]!, partition: 2, offset: 42 },
        { topic: topics[1]!, partition: 5, offset: 7 },
      ]);
      const published = await withAdmin(connection, (admin) => admin.fetchOffsets({ groupId, topics }));
      const found = published.flatMap(({ topic, partitions }) =>
        partitions.filter(({ offset }) => offset !== '-1').map(({ partition, offset }) => [topic, partition, offset]),
      );
      expect(found).toEqual([
        [topics[0], 2, '42'],
        [topics[1], 5, '7'],
      ]);
    });

    test('a topic that does not exist is an alarm at start', async () => {
      const membership = new ShardMembership({
        connection,
        groupId: `group-${randomUUID()}`,
        topics: [topics[0]!, 'never-created'],
        shardCount: SHARDS,
        onAssigned: () => undefined,
        onError: () => undefined,
      });
      await expect(membership.start()).rejects.toMatchObject({ code: 'topic-missing', message: expect.stringContaining('never-created') as unknown });
    });
  });
}
