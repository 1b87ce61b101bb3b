// Microsoft's SignalR client, used by test_signalr_reference.py; runs beside its node_modules.
//   read              parses standard input (our messages) and prints what it understood
//   write             prints messages as their protocol writes them
//   client URL MODE   connects to a hub, authenticates, prints the first two pushes and ends
import { HttpTransportType, HubConnectionBuilder, JsonHubProtocol, LogLevel, NullLogger }
  from '@microsoft/signalr'
import { readFileSync } from 'node:fs'

const protocol = new JsonHubProtocol()
const [, , command, url, mode] = process.argv

if (command === 'read') {
  const [handshake, ...rest] = readFileSync(0, 'utf8').split('\x1e')
  const messages = protocol.parseMessages(rest.join('\x1e'), NullLogger.instance)
  console.log(JSON.stringify([JSON.parse(handshake), ...messages]))
} else if (command === 'write') {
  const pushed = { key: 'k', type: 'EVENT_911', data: { text: 'a\x1eb “ü”' } }
  for (const message of [
    { type: 1, target: 'pushEvent', arguments: [JSON.stringify(pushed)], headers: {} },
    { type: 1, target: 'pushEvent', arguments: [pushed], invocationId: '4' },
    { type: 2, invocationId: '1', item: 7 },
    { type: 3, invocationId: '1', result: { success: true, error: '', count: 0 } },
    { type: 3, invocationId: '2', error: 'An unexpected error occurred' },
    { type: 3, invocationId: '3' },
    { type: 6 },
    { type: 7, error: 'bye', allowReconnect: true },
    { type: 7 },
  ]) process.stdout.write(protocol.writeMessage(message))
} else {
  const skip = mode === 'direct'
  const connection = new HubConnectionBuilder()
    .withUrl(url, { skipNegotiation: skip, transport: HttpTransportType.WebSockets })
    .configureLogging(LogLevel.Error)
    .build()
  const pushes = []
  let authenticated
  connection.on('pushEvent', async (push) => {
    pushes.push(push)
    if (pushes.length < 2) return
    const located = await connection.invoke('unitLocation', [{ identId: 101, location: 'Here' }])
    console.log(JSON.stringify({ answer: await authenticated, pushes, located }))
    await connection.stop()
  })
  await connection.start()
  authenticated = connection.invoke('authenticatev2', 'community-1', 'test-key-5d1b7c90', 1)
}
