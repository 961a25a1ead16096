<?php
# Router of PHP's built-in server: MediaWiki's entry points, page addresses, files and thumbnails, and an access log.
# Each request leaves two lines of JSON in access.log: `begin` before anything is sent, `end` after all deferred work.

$root = $_SERVER['DOCUMENT_ROOT'];
$path = rawurldecode( (string)parse_url( $_SERVER['REQUEST_URI'], PHP_URL_PATH ) );
$requestId = $_SERVER['HTTP_X_REQUEST_ID'] ?? bin2hex( random_bytes( 8 ) );

$log = static function ( array $line ) use ( $root, $requestId ) {
	$json = json_encode( [ 'id' => $requestId, 'at' => microtime( true ) ] + $line, JSON_UNESCAPED_SLASHES | JSON_INVALID_UTF8_SUBSTITUTE );
	file_put_contents( dirname( $root ) . '/access.log', "$json\n", FILE_APPEND | LOCK_EX );
};
$form = array_filter( $_POST, static fn ( $name ) => !preg_match( '/token|password/', $name ), ARRAY_FILTER_USE_KEY );
$log( [
	'event' => 'begin', 'method' => $_SERVER['REQUEST_METHOD'], 'path' => $path,
	'query' => (object)( $_GET + $form ), 'user_agent' => $_SERVER['HTTP_USER_AGENT'] ?? '',
	'headers' => (object)array_change_key_case( getallheaders() ),
] );
register_shutdown_function( static fn () => $log( [ 'event' => 'end', 'status' => http_response_code() ] ) );

# The script to require; MediaWiki finds itself by these names.
$enter = static function ( string $script ) use ( $root ): string {
	$_SERVER['SCRIPT_NAME'] = $_SERVER['PHP_SELF'] = "/w/$script";
	$_SERVER['SCRIPT_FILENAME'] = "$root/w/$script";
	unset( $_SERVER['PATH_INFO'] );
	chdir( "$root/w" );
	return "$root/w/$script";
};

$send = static function ( string $file ): void {
	$types = [
		'jpg' => 'image/jpeg', 'jpeg' => 'image/jpeg', 'png' => 'image/png', 'gif' => 'image/gif', 'webp' => 'image/webp',
		'tif' => 'image/tiff', 'tiff' => 'image/tiff', 'svg' => 'image/svg+xml',
	];
	ini_set( 'zlib.output_compression', '0' );
	header( 'Content-Type: ' . ( $types[strtolower( pathinfo( $file, PATHINFO_EXTENSION ) )] ?? 'application/octet-stream' ) );
	header( 'Content-Length: ' . filesize( $file ) );
	header( 'Last-Modified: ' . gmdate( 'D, d M Y H:i:s', filemtime( $file ) ) . ' GMT' );
	if ( $_SERVER['REQUEST_METHOD'] !== 'HEAD' ) {
		readfile( $file );
	}
};

$files = '/wikipedia/commons/';
if ( preg_match( '~(^|/)\.\.(/|$)~', $path ) ) {
	http_response_code( 400 );
} elseif ( preg_match( '~^/w/(api|index|load|rest|thumb|opensearch_desc)\.php~', $path, $match ) ) {
	require $enter( "$match[1].php" );
} elseif ( $path === '/' || strpos( $path, '/wiki/' ) === 0 ) {
	require $enter( 'index.php' );
} elseif ( strpos( $path, $files ) !== 0 || strpos( $path, "{$files}deleted/" ) === 0 ) {
	http_response_code( 404 );
} elseif ( is_file( $root . $path ) ) {
	$send( $root . $path );
} elseif ( strpos( $path, "{$files}thumb/" ) === 0 ) {
	require $enter( 'thumb_handler.php' );
} else {
	http_response_code( 404 );
}
return true;
