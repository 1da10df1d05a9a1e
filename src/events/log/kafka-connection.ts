export type KafkaLogOptions = {
  /** `host:port` of some brokers; they name the others. */
  brokers: readonly string[];
  /** The prefix of the names of topics and consumer groups. */
  prefix: string;
  /** How many brokers keep each message; undefined: the brokers' default. */
  replicationFactor?: number | undefined;
  /** The name of the process, as the brokers' logs show it. */
  name: string;
  /** Undefined: neither TLS nor a password. */
  security?: KafkaSecurity;
  /** The database in which messages are parked. */
  parkingUrl: string;
};

export type KafkaSecurity = {
  /** Whether to use TLS. The brokers' certificates are checked for their names in `brokers`, against Node's CAs. */
  readonly tls: boolean;
  readonly sasl?: KafkaCredentials | undefined;
};
type KafkaCredentials = {
  readonly mechanism: 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512';
  readonly username: string;
  readonly password: string;
};

export type KafkaConnection = {
  clientId: string;
  bootstrapBrokers: string[];
  connectTimeout: number;
  tls?: object;
  tlsServerName?: boolean;
  sasl?: KafkaCredentials;
};

export const kafkaConnection = ({ name, brokers, security }: KafkaLogOptions): KafkaConnection => ({
  clientId: name,
  bootstrapBrokers: [...brokers],
  connectTimeout: 2000,
  ...(security?.tls ? { tls: {}, tlsServerName: true } : {}),
  ...(security?.sasl ? { sasl: security.sasl } : {}),
});
