// openid-client 6 signs in as an Express application would: one process, told by lines of JSON what the browser did.
// Arguments: folder with node_modules, issuer, client id, redirect address. The secret is in APPLICATION_SECRET.
import { createInterface } from 'node:readline'
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'

const [folder, issuer, clientId, redirectUri] = process.argv.slice(2)
const require = createRequire(pathToFileURL(`${folder}/package.json`))
const client = await import(pathToFileURL(require.resolve('openid-client')).href)

const say = (value) => process.stdout.write(`${JSON.stringify(value)}\n`)
const config = await client.discovery(
  new URL(issuer),
  clientId,
  undefined,
  client.ClientSecretBasic(process.env.APPLICATION_SECRET),
  { execute: [client.allowInsecureRequests] },
)
const verifier = client.randomPKCECodeVerifier()
const state = client.randomState()
const nonce = client.randomNonce()
const address = client.buildAuthorizationUrl(config, {
  redirect_uri: redirectUri,
  scope: 'openid profile company menus',
  code_challenge: await client.calculatePKCECodeChallenge(verifier),
  code_challenge_method: 'S256',
  state,
  nonce,
})
say({ address: address.href })

for await (const line of createInterface({ input: process.stdin })) {
  const { callback } = JSON.parse(line)
  const tokens = await client.authorizationCodeGrant(config, new URL(callback), {
    pkceCodeVerifier: verifier,
    expectedState: state,
    expectedNonce: nonce,
    idTokenExpected: true,
  })
  const claims = tokens.claims()
  const userinfo = await client.fetchUserInfo(config, tokens.access_token, claims.sub)
  const refreshed = await client.refreshTokenGrant(config, tokens.refresh_token)
  const introspected = await client.tokenIntrospection(config, refreshed.access_token)
  await client.tokenRevocation(config, refreshed.refresh_token)
  const gone = await client.tokenIntrospection(config, refreshed.access_token)
  const logout = client.buildEndSessionUrl(config, { id_token_hint: tokens.id_token })
  say({
    claims,
    userinfo,
    refreshed: refreshed.claims(),
    active: introspected.active,
    gone: gone.active,
    logout: logout.href,
  })
  break
}
