// An Express application that signs people in with company accounts, on openid-client 6.
//
//   npm install
//   ISSUER=http://localhost:5100 CLIENT_ID=my-app CLIENT_SECRET=… npm start      then open http://localhost:3000
//
// Sessions live in this one process, which is enough to learn from; anything real gives express-session a store.
import { randomBytes } from 'node:crypto'
import express from 'express'
import session from 'express-session'
import * as jose from 'jose'
import * as client from 'openid-client'

const { ISSUER, CLIENT_ID, CLIENT_SECRET, PORT = '3000' } = process.env
const here = `http://localhost:${PORT}`
const LOGOUT = 'http://schemas.openid.net/event/backchannel-logout'

// Plain http is for a provider on this machine only.
const insecure = ISSUER.startsWith('http://') ? { execute: [client.allowInsecureRequests] } : undefined
const config = await client.discovery(
  new URL(ISSUER),
  CLIENT_ID,
  undefined,
  client.ClientSecretBasic(CLIENT_SECRET),
  insecure,
)
const provider = config.serverMetadata()
const keys = jose.createRemoteJWKSet(new URL(provider.jwks_uri))
const store = new session.MemoryStore()
const seen = new Set() // jti of logout tokens

const app = express()
app.use(
  session({
    // Cookies on localhost ignore ports: every application needs a cookie name of its own.
    name: 'my_app',
    secret: process.env.SECRET_KEY ?? randomBytes(32).toString('hex'),
    resave: false,
    saveUninitialized: false,
    cookie: { httpOnly: true, sameSite: 'lax' },
    store,
  }),
)

// Also the initiate_login_uri: the provider may send a person here.
app.get('/login', async (req, res) => {
  if ((req.query.iss ?? ISSUER) !== ISSUER) return res.status(400).send('Not our identity provider.')
  const verifier = client.randomPKCECodeVerifier()
  const state = client.randomState()
  const nonce = client.randomNonce()
  const wishes = {}
  for (const name of ['tenant', 'login_hint']) if (typeof req.query[name] === 'string') wishes[name] = req.query[name]
  req.session.underWay = { verifier, state, nonce, tenant: wishes.tenant }
  const address = client.buildAuthorizationUrl(config, {
    ...wishes,
    redirect_uri: `${here}/callback`,
    scope: 'openid profile email company menus',
    code_challenge: await client.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    state,
    nonce,
  })
  res.redirect(address.href)
})

// openid-client checks state, nonce, PKCE, iss (RFC 9207) and the ID token.
app.get('/callback', async (req, res) => {
  const underWay = req.session.underWay
  if (!underWay) return res.status(400).send('This sign-in was not begun in this browser.')
  let tokens, claims, userinfo
  try {
    tokens = await client.authorizationCodeGrant(config, new URL(req.originalUrl, here), {
      pkceCodeVerifier: underWay.verifier,
      expectedState: underWay.state,
      expectedNonce: underWay.nonce,
      idTokenExpected: true,
    })
    claims = tokens.claims()
    userinfo = await client.fetchUserInfo(config, tokens.access_token, claims.sub)
  } catch (error) {
    return res.status(400).send(`Not signed in: ${error.error ?? error.code ?? 'error'}`)
  }
  if (underWay.tenant && claims.tenant !== underWay.tenant) {
    return res.status(400).send('Another company than the one asked for.')
  }
  await new Promise((done, failed) => req.session.regenerate((error) => (error ? failed(error) : done())))
  req.session.held = {
    key: [claims.iss, claims.tenant, claims.sub], // the key of records; never mail or tax ID
    claims,
    userinfo,
    accessToken: tokens.access_token,
    idToken: tokens.id_token,
    checkedAt: Date.now(),
  }
  res.redirect('/')
})

// The session of this browser, with rights that are at most five minutes old.
async function current(req) {
  const held = req.session.held
  if (!held || Date.now() >= held.claims.session_expiry * 1000) return undefined
  if (Date.now() - held.checkedAt > 240_000) {
    try {
      held.userinfo = await client.fetchUserInfo(config, held.accessToken, held.claims.sub)
      held.checkedAt = Date.now()
    } catch {
      // Without a refresh token, a new sign-in (mostly without a page) is the way.
      delete req.session.held
      return undefined
    }
  }
  return held
}

// Refuse on the server whoever has not got the menu code; send strangers to sign in.
const needs = (code) => async (req, res, next) => {
  const held = await current(req)
  if (!held) return res.redirect('/login')
  if (!(held.userinfo.entitlements ?? []).includes(code)) return res.status(403).send(`You are not entitled to ${code}.`)
  next()
}

app.get('/', async (req, res) => {
  const held = await current(req)
  if (!held) return res.send('<p><a id="sign-in" href="/login">登入 Sign in</a></p>')
  res.json({ claims: held.claims, userinfo: held.userinfo, sign_out: '/logout', try_this: '/sites' })
})

app.get('/sites', needs('site.list'), (req, res) => {
  const { claims, userinfo } = req.session.held
  res.json({ company: userinfo.company_name, tenant: claims.tenant, sites: [] })
})

// End the session here, then at the provider. (Use a POST with a CSRF token in anything real.)
app.get('/logout', (req, res) => {
  const idToken = req.session.held?.idToken
  req.session.destroy(() => {
    if (!idToken) return res.redirect('/')
    const address = client.buildEndSessionUrl(config, {
      id_token_hint: idToken,
      post_logout_redirect_uri: `${here}/`,
    })
    res.redirect(address.href)
  })
})

// End sessions at the provider's word (Back-Channel Logout 1.0 §2.6).
app.post('/backchannel-logout', express.urlencoded({ extended: false }), async (req, res) => {
  res.set('Cache-Control', 'no-store')
  let said
  try {
    const options = { issuer: ISSUER, audience: CLIENT_ID, typ: 'logout+jwt', clockTolerance: 60, requiredClaims: ['exp', 'jti'] }
    said = (await jose.jwtVerify(req.body?.logout_token ?? '', keys, options)).payload
  } catch {
    return res.status(400).json({ error: 'invalid_request' })
  }
  const event = said.events?.[LOGOUT]
  if (typeof event !== 'object' || event === null || 'nonce' in said || seen.has(said.jti) || !(said.sid || said.sub)) {
    return res.status(400).json({ error: 'invalid_request' })
  }
  seen.add(said.jti)
  const name = said.sid ? 'sid' : 'sub'
  store.all((_error, all) => {
    for (const [id, one] of Object.entries(all ?? {})) if (one.held?.claims[name] === said[name]) store.destroy(id)
    res.status(200).end()
  })
})

app.listen(Number(PORT), 'localhost', () => console.log(`my-app at ${here}`))
