<?php
# Settings of the test wiki, required at the end of the LocalSettings.php that MediaWiki's installer writes.
# Everything it reads or writes lies beside that file, so that a site is copied by copying its folder.
if ( !defined( 'MEDIAWIKI' ) ) {
	exit;
}

# Addresses: the layout of Commons, on whichever port the server was started.
$wgServer = $wgCanonicalServer = 'http://127.0.0.1:' . ( $_SERVER['SERVER_PORT'] ?? '80' );
$wgScriptPath = '/w';
$wgArticlePath = '/wiki/$1';
$wgUploadDirectory = "$site/images";
$wgUploadPath = "$wgServer/wikipedia/commons";

# Storage: no fsync, because a lost test wiki costs nothing.
$wgDBservers = [ [
	'type' => 'sqlite', 'dbname' => $wgDBname, 'dbDirectory' => $wgSQLiteDataDir, 'host' => '', 'user' => '', 'password' => '',
	'load' => 1, 'flags' => DBO_DEFAULT, 'variables' => [ 'synchronous' => 'OFF' ],
] ];
foreach ( [ &$wgObjectCaches[CACHE_DB], &$wgJobTypeConf['default'] ] as &$store ) {
	$store['server']['variables'] = [ 'synchronous' => 'OFF' ];
}
unset( $store );
$wgCacheDirectory = "$site/cache";
$wgTmpDirectory = "$site/tmp";
$wgLocalisationCacheConf['store'] = 'array';
# No caches: an answer always shows the state of the database, also after a maintenance script.
$wgMainCacheType = $wgParserCacheType = $wgMessageCacheType = CACHE_NONE;
$wgSessionCacheType = CACHE_DB;
$wgJobRunRate = 0;

# Uploads and thumbnails: scaled on the first GET of their address.
$wgEnableUploads = true;
$wgFileExtensions = [ 'png', 'gif', 'jpg', 'jpeg', 'webp', 'tif', 'tiff', 'svg' ];
$wgGenerateThumbnailOnParse = false;
$wgUseImageMagick = true;
$wgImageMagickConvertCommand = '/usr/bin/convert';
$wgTiffThumbnailType = [ 'jpg', 'image/jpeg' ];
$wgMaxShellMemory = $wgMaxShellFileSize = 0;
$wgMaxImageArea = 1e8;

# As on Commons: its content namespaces, miser mode, category changes among the recent changes.
$wgExtraNamespaces = [ 100 => 'Creator', 101 => 'Creator_talk', 106 => 'Institution', 107 => 'Institution_talk' ];
$wgMiserMode = true;
$wgRCWatchCategoryMembership = PHP_SAPI !== 'cli';  # the first filling by scripts is no change of categories
wfLoadExtension( 'ParserFunctions' );

$wgRateLimits = [];
$wgPingback = $wgEnableEmail = $wgUseInstantCommons = false;
$wgGroupPermissions['sysop']['deleterevision'] = $wgGroupPermissions['sysop']['deletelogentry'] = true;
$wgGroupPermissions['sysop']['suppressredirect'] = true;

# A file named `lag` beside LocalSettings.php holds the replication lag in seconds that maxlag sees.
$wgHooks['ApiMaxLagInfo'][] = static function ( &$lagInfo ) use ( $site ) {
	if ( is_file( "$site/lag" ) ) {
		$lagInfo = [ 'host' => 'db-test', 'lag' => (float)file_get_contents( "$site/lag" ), 'type' => 'db' ];
	}
};

# Structured data as on Commons (Wikibase is not packaged): a second slot of JSON, where a file named `mediainfo` lies
# beside LocalSettings.php. set_mediainfo.php fills it.
if ( is_file( "$site/mediainfo" ) ) {
	$wgHooks['MediaWikiServices'][] = static function ( $services ) {
		$services->addServiceManipulator( 'SlotRoleRegistry', static function ( $registry ) {
			$registry->defineRoleWithModel( 'mediainfo', CONTENT_MODEL_JSON, [ 'display' => 'none' ] );
		} );
	};
}
